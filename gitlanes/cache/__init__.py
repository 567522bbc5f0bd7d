"""Where things stand in journals and notes, for questions about many attempts; disposable."""
