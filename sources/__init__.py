"""Everything on the left: platforms (pure payload readers), gateway, SDK."""
