"""The asset register: servers one by one, computers of each office by the counted number."""

from collections.abc import Iterator

from accounts.models import Office
from assets.models import Asset, AssetType
from catalog.models import Service
from servicedesk.reference.store import Store, number

COUNTED = {"pc": ("PC", "PC"), "laptop": ("LAPTOP", "Laptop")}
"""CSV column and code of the asset type → (prefix of the asset's code, word in its name)."""

COUNTED_NOTE = "Dicatat dari jumlah per perangkat daerah; lengkapi merek, nomor seri, dan kondisinya."
DETAILS = ("prosesor", "ram_gb", "penyimpanan", "sistem_operasi", "peran")


def load(store: Store) -> None:
    types = store.put_many(
        AssetType,
        [
            {"code": row["kode"], "name": row["nama"], "goods_code": row["kode_barang"]}
            for row in store.table("jenis_aset.csv")
        ],
    )
    offices = Office.objects.in_bulk(field_name="code")
    _load_servers(store, types["server"], offices)
    _load_computers(store, types, offices)


def _load_servers(store: Store, server: AssetType, offices: dict[str, Office]) -> None:
    known = set(Asset.objects.filter(asset_type=server).values_list("code", flat=True))
    servers = store.put_many(
        Asset,
        [
            {
                "code": row["kode"],
                "name": row["nama"],
                "asset_type": server,
                "office": offices.get(row["pemilik_kode"]),
                "brand": row["merek"],
                "model": row["model"],
                "details": {
                    name: number(row[name]) if name == "ram_gb" else row[name] for name in DETAILS if row[name]
                },
                "source": row["sumber"],
            }
            for row in store.table("server.csv")
        ],
    )
    services = Service.objects.in_bulk(field_name="code")
    for link in store.table("server_layanan.csv"):
        is_new = link["server"] not in known
        if link["server"] in servers and link["layanan"] in services and (is_new or store.update):
            servers[link["server"]].services.add(services[link["layanan"]])


def _load_computers(store: Store, types: dict[str, AssetType], offices: dict[str, Office]) -> None:
    """Computers an officer removed do not come back: an office is counted out only once per type.

    An office with sections (Sekretariat Daerah) is left out: its figure is the sum of theirs.
    """
    counted = set(
        Asset.objects.filter(asset_type__code__in=COUNTED).values_list("office__code", "asset_type__code").distinct()
    )
    rows = store.table("perangkat_daerah.csv")
    parents = {row["induk_kode"] for row in rows}
    wanted = [
        computer
        for row in rows
        if row["kode"] not in parents
        for column in COUNTED
        if store.update or (row["kode"], column) not in counted
        for computer in _computers(row, column, types[column], offices[row["kode"]])
    ]
    store.put_many(Asset, wanted)


def _computers(row: dict[str, str], column: str, asset_type: AssetType, office: Office) -> Iterator[dict[str, object]]:
    prefix, word = COUNTED[column]
    for position in range(1, (number(row[column]) or 0) + 1):
        yield {
            "code": f"{prefix}-{office.code}-{position:03d}",
            "name": f"{word} {office.name} {position}",
            "asset_type": asset_type,
            "office": office,
            "details": {"catatan": COUNTED_NOTE},
            "source": row["sumber"],
        }
