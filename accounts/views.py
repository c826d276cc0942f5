"""The HTTP face of accounts."""

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from rest_framework.views import APIView

from accounts import services
from accounts.errors import TokenNotValid, WrongCredentials
from accounts.http import UserRequest
from accounts.serializers import (
    AccountSerializer,
    LoginInput,
    ProfileInput,
    ProfileSerializer,
    RefreshInput,
    SignUpInput,
    TokenPairSerializer,
)
from movie_booking.errors import Invalid
from movie_booking.schema import AUTHENTICATION_ERRORS, BODY_ERRORS, operation

TAG = "Accounts"


class OpenView(APIView):
    """For people without an account, or with a token that is no longer good."""

    permission_classes = (AllowAny,)
    authentication_classes = ()


class SignUpView(OpenView):
    @operation(
        TAG,
        "Sign up",
        {201: AccountSerializer},
        [Invalid, *BODY_ERRORS],
        request_body=SignUpInput,
        security=[],
    )
    def post(self, request: Request) -> Response:
        data = SignUpInput(data=request.data)
        data.is_valid(raise_exception=True)
        user = services.sign_up(**data.validated_data)
        return Response(AccountSerializer(user).data, status=HTTP_201_CREATED)


class LoginView(OpenView):
    @operation(
        TAG,
        "Log in",
        {200: TokenPairSerializer},
        [Invalid, *BODY_ERRORS, WrongCredentials],
        operation_description="Send the access token as `Authorization: Bearer <access token>`.",
        request_body=LoginInput,
        security=[],
    )
    def post(self, request: Request) -> Response:
        data = LoginInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(TokenPairSerializer(services.log_in(**data.validated_data)).data)


class RefreshView(OpenView):
    @operation(
        TAG,
        "Exchange a refresh token for a new pair",
        {200: TokenPairSerializer},
        [Invalid, *BODY_ERRORS, TokenNotValid],
        operation_description="A refresh token works once.",
        request_body=RefreshInput,
        security=[],
    )
    def post(self, request: Request) -> Response:
        data = RefreshInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(TokenPairSerializer(services.rotate_tokens(**data.validated_data)).data)


class LogoutView(OpenView):
    @operation(
        TAG,
        "Log out",
        {204: None},
        [Invalid, *BODY_ERRORS, TokenNotValid],
        operation_description="Kills the refresh token. The access token runs out by itself.",
        request_body=RefreshInput,
        security=[],
    )
    def post(self, request: Request) -> Response:
        data = RefreshInput(data=request.data)
        data.is_valid(raise_exception=True)
        services.log_out(**data.validated_data)
        return Response(status=HTTP_204_NO_CONTENT)


class MeView(APIView):
    @operation(
        TAG, "Show my account", {200: ProfileSerializer}, AUTHENTICATION_ERRORS, operation_id="api_me_read"
    )
    def get(self, request: UserRequest) -> Response:
        return Response(ProfileSerializer(request.user).data)

    @operation(
        TAG,
        "Change my e-mail address or name",
        {200: ProfileSerializer},
        [Invalid, *BODY_ERRORS, *AUTHENTICATION_ERRORS],
        request_body=ProfileInput,
    )
    def patch(self, request: UserRequest) -> Response:
        data = ProfileInput(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        user = services.change_profile(user=request.user, **data.validated_data)
        return Response(ProfileSerializer(user).data)
