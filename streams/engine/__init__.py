"""The delivery engine: Faust subclasses that replace its delivery by one Kafka transaction per chunk.

Nothing outside this package touches the insides of Faust, mode or aiokafka; `pins` names every one that is touched.
"""
