"""What of an account takes knowing what was bought: closing it, and all that is held of it."""

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.status import HTTP_204_NO_CONTENT

from accounts.http import UserRequest
from accounts.serializers import CloseAccountInput
from accounts.views import AccountViewSet as BareAccountViewSet
from bookings import schema, services
from bookings.personal_data import personal_data
from bookings.serializers import PersonalDataSerializer
from movie_booking.throttling import by_address, throttle


class AccountViewSet(BareAccountViewSet):
    @schema.close_account
    @BareAccountViewSet.me.mapping.delete
    def close_me(self, request: UserRequest) -> Response:
        data = CloseAccountInput(data=request.data)
        data.is_valid(raise_exception=True)
        services.close_account(request.user, network=by_address(request), **data.validated_data)
        return Response(status=HTTP_204_NO_CONTENT)

    @schema.export_account
    @action(detail=False, url_path="me/export")
    def export(self, request: UserRequest) -> Response:
        throttle(request, {"export": str(request.user.pk)})
        data = PersonalDataSerializer(personal_data(request.user), context={"user": request.user}).data
        return Response(data, headers={"Content-Disposition": 'attachment; filename="account.json"'})
