"""What people decide about their notices."""

from django.urls import path

from notify import views

app_name = "notify"
urlpatterns = [
    path("", views.preferences_page, name="preferences"),
    path("berhenti/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
