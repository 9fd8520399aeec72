"""What ``tf.nn.embedding_lookup*`` do inside."""
