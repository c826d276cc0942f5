"""Lists come in pages."""

from rest_framework.pagination import PageNumberPagination


class Pagination(PageNumberPagination):
    """Pages of 20, or as many as `page_size` says, up to 100."""

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
