from rest_framework.routers import SimpleRouter

from accounts import views

router = SimpleRouter()
router.register("password", views.PasswordViewSet, basename="password")
router.register("email", views.EmailViewSet, basename="email")
router.register("", views.TokenViewSet, basename="token")

urlpatterns = router.urls
