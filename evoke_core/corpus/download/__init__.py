"""Pictures from the web and from buckets into the store, politely and accounted for."""
