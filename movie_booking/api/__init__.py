"""How the API speaks HTTP: strict JSON in, pages and problem documents (RFC 9457) out."""
