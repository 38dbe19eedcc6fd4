"""Makes the TLS of connections to the broker as the settings say it."""

import ssl

from newsdex.errors import Misconfigured
from newsdex.settings import Settings
from newsdex_schemas.client.tls import Tls


def make_tls(settings: Settings) -> Tls:
    """Make the context; raises `Misconfigured` where a file that a setting names cannot be used."""
    try:
        context = Tls(ssl.PROTOCOL_TLS_CLIENT)
        if settings.broker_tls_ca:
            context.load_verify_locations(settings.broker_tls_ca)
        else:
            context.load_default_certs()
        if settings.broker_tls_cert:
            context.load_cert_chain(settings.broker_tls_cert, settings.broker_tls_key)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured("tls_unusable", f"the TLS files cannot be used: {error}") from error
    return context
