"""Where results are kept: blobs, tables and arrays by key, on disk or in S3."""
