"""The HTTP face of accounts: parse, call one service, render."""

from typing import ClassVar

from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT
from rest_framework.viewsets import ViewSet

from accounts import schema, services
from accounts.http import UserRequest
from accounts.serializers import (
    AccountSerializer,
    AnswerSerializer,
    ChangePasswordInput,
    EmailInput,
    LinkInput,
    LoginInput,
    ProfileInput,
    ProfileSerializer,
    RefreshInput,
    ResetPasswordInput,
    SignUpInput,
    TokenPairSerializer,
)
from accounts.tokens import owner_of
from movie_booking.api.locations import SaysWhere
from movie_booking.throttling import Scope, by_account, by_address, throttle


class AccountViewSet(SaysWhere, ViewSet):
    """Open an account, and look after one's own."""

    locations: ClassVar = {"signup": "me/"}
    throttle_scope: ClassVar[Scope | None] = None

    @schema.sign_up
    @action(
        detail=False,
        methods=["post"],
        permission_classes=[AllowAny],
        authentication_classes=[],
        throttle_scope="signup",
    )
    def signup(self, request: Request) -> Response:
        data = SignUpInput(data=request.data)
        data.is_valid(raise_exception=True)
        user = services.sign_up(**data.validated_data)
        return Response(AccountSerializer(user).data, status=HTTP_201_CREATED)

    @schema.read_account
    @action(detail=False)
    def me(self, request: UserRequest) -> Response:
        return Response(ProfileSerializer(request.user).data)

    @schema.change_account
    @me.mapping.patch
    def change_me(self, request: UserRequest) -> Response:
        data = ProfileInput(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        if data.validated_data.get("email", request.user.email).lower() != request.user.email.lower():
            # Whoever tries many learns which are taken, and has mails sent to strangers.
            throttle(request, {"reset": by_address(request), "reset_account": f"user {request.user.pk}"})
        user = services.change_profile(user=request.user, **data.validated_data)
        return Response(ProfileSerializer(user).data)


class PasswordViewSet(ViewSet):
    """Another password: by the old one, or by a link in a mail."""

    throttle_scope: ClassVar[Scope] = "reset"

    @schema.change_password
    @action(detail=False, methods=["post"])
    def change(self, request: UserRequest) -> Response:
        data = ChangePasswordInput(data=request.data)
        data.is_valid(raise_exception=True)
        pair = services.change_password(user=request.user, network=by_address(request), **data.validated_data)
        return Response(TokenPairSerializer(pair).data)

    @schema.request_password_reset
    @action(detail=False, methods=["post"], permission_classes=[AllowAny], authentication_classes=[])
    def reset(self, request: Request) -> Response:
        data = EmailInput(data=request.data)
        data.is_valid(raise_exception=True)
        throttle(request, {"reset_account": by_account(data.validated_data["email"])})
        services.request_password_reset(**data.validated_data)
        return mail_follows("If there is an account with this e-mail address, a mail is on its way to it.")

    @schema.reset_password
    @action(
        detail=False,
        methods=["post"],
        url_path="reset/confirm",
        permission_classes=[AllowAny],
        authentication_classes=[],
    )
    def confirm_reset(self, request: Request) -> Response:
        data = ResetPasswordInput(data=request.data)
        data.is_valid(raise_exception=True)
        services.reset_password(**data.validated_data)
        return Response(status=HTTP_204_NO_CONTENT)


class EmailViewSet(ViewSet):
    """Whether the e-mail address of an account is its user's."""

    throttle_scope: ClassVar[Scope] = "reset"

    @schema.request_verification
    @action(detail=False, methods=["post"])
    def verification(self, request: UserRequest) -> Response:
        throttle(request, {"reset_account": by_account(request.user.email)})
        services.request_verification(user=request.user)
        return mail_follows("Unless it is verified already, a mail is on its way to your e-mail address.")

    @schema.verify_email
    @action(detail=False, methods=["post"], permission_classes=[AllowAny], authentication_classes=[])
    def verify(self, request: Request) -> Response:
        data = LinkInput(data=request.data)
        data.is_valid(raise_exception=True)
        services.verify_email(**data.validated_data)
        return Response(status=HTTP_204_NO_CONTENT)


def mail_follows(detail: str) -> Response:
    return Response(AnswerSerializer({"detail": detail}).data, status=HTTP_202_ACCEPTED)


class TokenViewSet(ViewSet):
    """Log in, stay logged in, log out. A token in the header is ignored: it may no longer be valid."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    throttle_scope: ClassVar[Scope] = "refresh"

    @schema.log_in
    @action(detail=False, methods=["post"], throttle_scope="login")
    def login(self, request: Request) -> Response:
        data = LoginInput(data=request.data)
        data.is_valid(raise_exception=True)
        pair = services.log_in(**data.validated_data, network=by_address(request))
        return Response(TokenPairSerializer(pair).data)

    @schema.refresh_tokens
    @action(detail=False, methods=["post"], url_path="token/refresh")
    def refresh(self, request: Request) -> Response:
        data = RefreshInput(data=request.data)
        data.is_valid(raise_exception=True)
        if owner := owner_of(**data.validated_data):
            throttle(request, {"refresh_account": owner})
        return Response(TokenPairSerializer(services.rotate_tokens(**data.validated_data)).data)

    @schema.log_out
    @action(detail=False, methods=["post"])
    def logout(self, request: Request) -> Response:
        data = RefreshInput(data=request.data)
        data.is_valid(raise_exception=True)
        services.log_out(**data.validated_data)
        return Response(status=HTTP_204_NO_CONTENT)
