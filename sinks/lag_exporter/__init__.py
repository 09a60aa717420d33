"""How far each consumer group of an installation is behind, as the brokers know it: also when none of its processes lives."""
