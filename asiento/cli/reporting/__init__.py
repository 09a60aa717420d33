"""The page of `asiento report`: figures as HTML with pictures, in English and Spanish; nothing in it is loaded from elsewhere."""
