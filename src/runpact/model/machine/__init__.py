"""What programs ask of an application, and what they are answered: requests, answers, signals."""
