"""The webhook Telegram posts updates to."""

import hmac
import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from channels_bot.telegram import updates

MAX_BODY = 1024 * 1024


@csrf_exempt  # Telegram proves itself by the secret header instead
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """200 only after commit: anything else makes Telegram deliver the update again."""
    secret = settings.TELEGRAM_WEBHOOK_SECRET
    given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
    if not secret or not hmac.compare_digest(secret.encode(), given.encode()):
        return JsonResponse({"detail": "Rahasia tidak cocok."}, status=403)
    try:
        payload = json.loads(request.body[:MAX_BODY])
    except ValueError:
        return JsonResponse({"detail": "Bukan JSON."}, status=400)
    if not isinstance(payload, dict) or not isinstance(payload.get("update_id"), int):
        return JsonResponse({"detail": "Bukan pembaruan Telegram."}, status=400)
    updates.handle(payload)
    return HttpResponse()
