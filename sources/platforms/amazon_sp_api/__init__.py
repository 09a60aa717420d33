"""Amazon Selling Partner API: orders, finances, settlement files, notifications."""
