"""A site with django-oauth-toolkit, as its documentation sets one up for production."""
