from django.urls import path

from generations.views import designs, ordering

app_name = "generations"
urlpatterns = [
    path("generate/", ordering.generate, name="generate"),
    path("generations/", designs.gallery_page, name="gallery"),
    path("generations/<uuid:generation_id>/", designs.generation_page, name="generation"),
    path("generations/<uuid:generation_id>/status/", designs.generation_status, name="status"),
    path("generations/<uuid:generation_id>/image/", designs.image, name="image"),
]
