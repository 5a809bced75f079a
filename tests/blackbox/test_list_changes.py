"""Lists and blocks in exports and watches."""

from tenant_calls import FREE, add, make_list
from waiting import PATIENCE


def blocks(server, *names, list_id="", ended=False):
    lists = server.stubs.list
    method, request = ((server.lists.RemoveBlocks, lists.RemoveBlocksRequest) if ended else
                       (server.lists.AddBlocks, lists.AddBlocksRequest))
    return server.call(method, request(list_id=list_id, blocks=names)).revision


def watch(server, after, last):
    """Returns everything that changed after a revision, up to another one."""
    lists, told = server.stubs.list, []
    stream = server.lists.WatchChanges(lists.WatchChangesRequest(after_revision=after),
                                       timeout=PATIENCE)
    outcome = lists.WriteOutcome.Name
    for part in stream:
        told += [(part.revision, "made", made.list_id, made.scope) for made in part.lists_made]
        told += [(part.revision, outcome(change.outcome)[14:], change.list_id, change.block)
                 for change in part.block_changes]
        told += [(part.revision, outcome(change.outcome)[14:], change.record.list_id,
                  change.record.number) for change in part.changes]
        if part.last_of_revision and part.revision >= last:
            break
    stream.cancel()
    return told


def test_blocks_and_lists_are_watched(server):
    first = add(server, [FREE]).revision
    make_list(server, "acme", "INTERNAL", "acme")
    second = blocks(server, "201555", "212")
    third = blocks(server, "415", list_id="acme")
    fourth = blocks(server, "212", "300", ended=True)
    blocks(server, "415", list_id="acme")  # it stands already
    fifth = add(server, [FREE + 1], "acme").revision
    expected = [(first, "ADDED", "internal", str(FREE)), (second - 1, "made", "acme", "acme"),
                (second, "ADDED", "internal", "201555"), (second, "ADDED", "internal", "212"),
                (third, "ADDED", "acme", "415"), (fourth, "REMOVED", "internal", "212"),
                (fifth, "ADDED", "acme", str(FREE + 1))]
    for _ in range(2):
        assert watch(server, 0, fifth) == expected
        assert watch(server, second, fifth) == expected[4:]
        assert server.stop(9) != 0
        server.start()
        server.wait_until_ready()
    # This is more than a part holds.
    many = [f"3{i:02}{j:03}" for i in range(10) for j in range(200, 300)]
    last = blocks(server, *many)
    assert watch(server, fifth, last) == [(last, "ADDED", "internal", block) for block in many]


def test_an_export_has_lists_and_blocks_and_a_watch_goes_on_from_it(server):
    lists = server.stubs.list
    make_list(server, "acme", "INTERNAL", "acme")
    blocks(server, "201555", "212")
    add(server, [FREE])
    parts = list(server.lists.ExportNumbers(lists.ExportNumbersRequest()))
    told = {made.list_id: made for made in parts[0].lists}
    assert set(told) == {"acme", "internal"} and told["acme"].scope == "acme"
    assert list(told["internal"].blocks) == ["201555", "212"]
    assert told["internal"].records == 1 and told["acme"].kind == lists.OWN_LIST_KIND_INTERNAL
    only = list(server.lists.ExportNumbers(lists.ExportNumbersRequest(list_id="acme")))
    assert [made.list_id for made in only[0].lists] == ["acme"] and only[-1].last
    last = blocks(server, "415", list_id="acme")
    assert watch(server, parts[-1].revision, last)[-1] == (last, "ADDED", "acme", "415")
