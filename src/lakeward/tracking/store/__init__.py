"""Every statement of tracking, by noun. Nothing outside this package writes its tables."""
