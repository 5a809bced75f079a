"""Until when an answer holds, in every form in which it is given."""

import time

import pytest

from list_files import DAY, flat, registry_name
from tenant_calls import FREE, LISTED, add, check, load_wireless, make_list, make_tenant, moment

NOW = int(time.time())
BASE_TIME = NOW - 2 * DAY
# A file's name has a day, and that day begins at midnight.
LISTS_END = BASE_TIME - BASE_TIME % DAY + 31 * DAY


@pytest.fixture
def loaded(server):
    server.load([(registry_name(BASE_TIME, "201"), flat([LISTED, LISTED + 1, LISTED + 2]))])
    return server


def ends(server, numbers, **fields):
    """Returns when each answer ends, which must be the same in every form."""
    scrub = server.stubs.scrub
    columns = server.scrub(numbers=numbers, **fields)
    full = server.scrub(numbers=numbers, detail=scrub.DETAIL_FULL, **fields)
    texts = server.scrub(texts=[str(n) for n in numbers], **fields)
    request = scrub.ScrubStreamRequest(scrub=scrub.ScrubRequest(numbers=numbers, **fields))
    streamed = next(iter(server.scrubs.ScrubStream(iter([request])))).scrub
    told = [result.valid_until.seconds for result in full.results]
    early = {end.index: end.valid_until.seconds for end in columns.earlier_ends}
    for other in (full, texts, streamed):
        assert other.earlier_ends == columns.earlier_ends
        assert other.snapshot.valid_until == columns.snapshot.valid_until
    for i, number in enumerate(numbers):
        single = check(server, number, **fields)
        assert single.valid_until.seconds == told[i]
        alone = server.scrub(numbers=[number], **fields)
        assert alone.snapshot.valid_until.seconds == told[i]
        if i in early:
            assert early[i] == told[i]
    open_ends = [end for end in told if end]
    assert columns.snapshot.valid_until.seconds == min(open_ends, default=0)
    return told, early


def test_an_answer_ends_with_the_first_of_all_that_it_rests_on(loaded):
    make_list(loaded, "consent", "CONSENT")
    make_list(loaded, "ebr", "EBR")
    soon, sooner = NOW + 86400, NOW + 7200
    add(loaded, [LISTED], "consent", expires_at=moment(soon))
    # The answer does not rest on it: it does not forbid the call.
    add(loaded, [FREE], "consent", expires_at=moment(sooner))
    # This request was made five years ago and ends soon.
    add(loaded, [FREE + 1], made_at=moment(NOW - 5 * 366 * DAY), expires_at=moment(soon))
    # The relationship goes on when the consent ends, but the answer rested on the consent.
    add(loaded, [LISTED + 1], "consent", expires_at=moment(sooner))
    add(loaded, [LISTED + 1], "ebr", ebr_kind=loaded.stubs.list.EBR_KIND_TRANSACTION,
        last_event_at=moment(NOW - 3600))
    # This exemption begins later, so the number is not listed forever.
    add(loaded, [LISTED + 2], "consent", made_at=moment(sooner))
    numbers = [LISTED, FREE, FREE + 1, LISTED + 1, LISTED + 2, FREE + 2, 55, 2125550100]
    assert loaded.verdicts(numbers) == ["CLEAR", "CLEAR", "LISTED", "CLEAR", "LISTED", "CLEAR",
                                        "INVALID", "NOT_COVERED"]
    told, early = ends(loaded, numbers)
    assert told == [soon, LISTS_END, soon, sooner, sooner, LISTS_END, 0, 0]
    assert early == {0: soon, 2: soon, 3: sooner, 4: sooner}
    # Without tenant records the lists alone decide, and no number has an end of its own.
    assert ends(loaded, [FREE, FREE + 2]) == ([LISTS_END] * 2, {})
    assert ends(loaded, [55, 2125550100]) == ([0, 0], {})


def test_the_end_of_an_as_of_answer(loaded):
    make_list(loaded, "consent", "CONSENT")
    add(loaded, [LISTED], "consent", expires_at=moment(NOW + 3600))
    add(loaded, [FREE], made_at=moment(NOW - 5 * 366 * DAY), expires_at=moment(NOW + 7200))
    told, early = ends(loaded, [LISTED, FREE, FREE + 1], as_of=moment(BASE_TIME + 60))
    # Nobody knows what exempted the number then, so the consent says nothing about it.
    assert told == [LISTS_END, NOW + 7200, LISTS_END]
    assert early == {1: NOW + 7200}


def test_a_list_that_only_informs_ends_nothing(loaded):
    old = NOW - 14 * DAY
    load_wireless(loaded, old)
    assert ends(loaded, [FREE + 1])[0] == [old + 15 * DAY]
    tenant = loaded.stubs.tenant
    shop = make_tenant(loaded, "shop", policy=tenant.TenantPolicy(wireless_counts=False))
    assert not shop.policy.wireless_counts
    answer = loaded.scrub(metadata=loaded.identity(tenant="shop"), numbers=[FREE + 1])
    assert answer.snapshot.valid_until.seconds == LISTS_END
