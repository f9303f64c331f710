"""What the demo runs: cases, real data, errors in the certificate's terms."""
