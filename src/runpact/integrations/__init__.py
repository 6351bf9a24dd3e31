"""What runpact says to libraries that programs are written with; each is imported by who asks for it."""
