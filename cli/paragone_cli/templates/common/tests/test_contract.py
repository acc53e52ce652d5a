from paragone.testing import parametrize_with_checks


@parametrize_with_checks("my-medium")
def test_contract(check):
    check()
