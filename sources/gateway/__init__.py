"""The door for webhooks: checks who sent a request, and answers 200 once it is safe in Kafka or on disk."""
