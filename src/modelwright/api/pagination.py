"""Pages of a list."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """20 a page, at most 100; `?page=` and `?page_size=`."""

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
