from django.urls import path

from generations import views

app_name = "generations"
urlpatterns = [
    path("generate/", views.generate, name="generate"),
    path("generations/", views.gallery_page, name="gallery"),
    path("generations/<uuid:generation_id>/", views.generation_page, name="generation"),
    path("generations/<uuid:generation_id>/status/", views.generation_status, name="status"),
    path("generations/<uuid:generation_id>/image/", views.image, name="image"),
]
