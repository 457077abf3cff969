"""Perangkat daerah with their hierarchy."""

from accounts.models import Office
from servicedesk.reference.store import Store, number


def load(store: Store) -> None:
    """Offices first, their parents second, so that the order of rows does not matter.

    Bandwidth is the column "min": the column "maks" is in the source very likely moved down by nine rows.
    """
    rows = store.table("perangkat_daerah.csv")
    existing = set(Office.objects.values_list("code", flat=True))
    offices = store.put_many(
        Office,
        [
            {
                "code": row["kode"],
                "name": row["nama"],
                "kind": row["jenis"],
                "website": row["situs"],
                "bandwidth_mbps": number(row["bandwidth_min_mbps"]),
            }
            for row in rows
        ],
    )
    children = []
    for row in rows:
        office = offices[row["kode"]]
        parent = offices.get(row["induk_kode"])
        if (office.code not in existing or store.update) and office.parent_id != (parent.pk if parent else None):
            office.parent = parent
            children.append(office)
    Office.objects.bulk_update(children, ["parent"])
