int one() {
  int one = 1;
  return one;
}
int two() { return 2; }
