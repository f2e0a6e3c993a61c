"""What our program must show in the guest: one file a family of faults, named by what a person sees."""
