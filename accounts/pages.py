"""The pages to which mails link, for a cinema whose website has none of its own."""

from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

password_reset = never_cache(TemplateView.as_view(template_name="accounts/password_reset.html"))
email_verification = never_cache(TemplateView.as_view(template_name="accounts/email_verification.html"))
