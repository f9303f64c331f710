"""The compiler's side of the certificate: witnesses for claims that the checker re-derives."""
