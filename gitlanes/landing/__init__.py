"""Promotion: a lane's accepted work lands on another lane, or stops at what both touched."""
