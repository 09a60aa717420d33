"""What any process needs: settings, logging, metrics, health, Kafka security, supervisor, local Kafka."""
