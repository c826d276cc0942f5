from rest_framework.routers import SimpleRouter

from movies import views

router = SimpleRouter()
router.register("movies", views.MovieViewSet)
router.register("cinemas", views.CinemaViewSet)
router.register("screens", views.ScreenViewSet)

urlpatterns = router.urls
