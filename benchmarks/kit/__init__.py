"""What the benchmarks are built from: repositories of any size, bulk records, measuring."""
