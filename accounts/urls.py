from rest_framework.routers import SimpleRouter

from accounts import views

router = SimpleRouter()
router.register("", views.AccountViewSet, basename="account")
router.register("", views.TokenViewSet, basename="token")

urlpatterns = router.urls
