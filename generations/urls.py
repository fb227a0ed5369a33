from django.urls import path

from generations.views import chat, conversations, deleting, designs, files, gallery, ordering, orders, photos, trying

app_name = "generations"
urlpatterns = [
    path("generate/", ordering.generate, name="generate"),
    path("generations/", gallery.gallery_page, name="gallery"),
    path("generations/<uuid:generation_id>/", designs.generation_page, name="generation"),
    path("generations/<uuid:generation_id>/status/", designs.generation_status, name="status"),
    path("generations/<uuid:generation_id>/cancel/", trying.cancel, name="cancel"),
    path("generations/<uuid:generation_id>/retry/", trying.retry, name="retry"),
    path("generations/<uuid:generation_id>/image/", files.image, name="image"),
    path("generations/<uuid:generation_id>/thumbnail/", files.thumbnail, name="thumbnail"),
    path("generations/<uuid:generation_id>/delete/", deleting.delete_design, name="delete"),
    path("orders/<uuid:order_id>/", orders.order_page, name="order"),
    path("orders/<uuid:order_id>/status/", orders.order_status, name="order-status"),
    path("orders/<uuid:order_id>/zip/", files.order_zip, name="order-zip"),
    path("orders/<uuid:order_id>/delete/", deleting.delete_order, name="order-delete"),
    path("photos/<uuid:photo_id>/", photos.photo, name="photo"),
    path("chat/", chat.chat, name="chat"),
    path("chat/<uuid:conversation_id>/", chat.conversation, name="conversation"),
    path("chat/<uuid:conversation_id>/rename/", conversations.rename, name="conversation-rename"),
    path("chat/<uuid:conversation_id>/export/", conversations.export, name="conversation-export"),
    path("chat/<uuid:conversation_id>/delete/", conversations.delete, name="conversation-delete"),
    path("chat/messages/<uuid:message_id>/", chat.message, name="message"),
    path("chat/messages/<uuid:message_id>/status/", chat.message_status, name="message-status"),
    path("chat/messages/<uuid:message_id>/cancel/", chat.message_cancel, name="message-cancel"),
    path("chat/messages/<uuid:message_id>/retry/", chat.message_retry, name="message-retry"),
]
