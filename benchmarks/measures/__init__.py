"""What is measured. Each module has a function that returns the contenders of its measures."""

from benchmarks.measures import blockbuster, bookings, flash_sale, orders, reads, traffic

# By the name that `python -m benchmarks NAME …` takes.
MEASURES = {
    "bookings": bookings.contenders,
    "reads": reads.contenders,
    "orders": orders.contenders,
    "traffic": traffic.contenders,
    "blockbuster": blockbuster.contenders,
    "flash_sale": flash_sale.contenders,
}
