"""What people see: pages, pictures and clips drawn from documents."""
