TEST_CASE("one is 1") { CHECK(one() == 1); }
