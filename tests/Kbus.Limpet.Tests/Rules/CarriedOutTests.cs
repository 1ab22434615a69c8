using Kbus.Core;

namespace Kbus.Limpets.Tests;

public sealed class CarriedOutTests
{
    private const uint Limpet = 7;
    private const uint OtherLimpet = 8;
    private const uint Program = 9;
    private readonly CarriedOut _carried;
    private int _asked;

    public CarriedOutTests() => _carried = new CarriedOut(ksock =>
    {
        _asked++;
        return ksock != Program;
    });

    [Fact]
    public void However_many_messages_are_under_way_those_that_were_carried_are_known_and_later_ones_are_not()
    {
        for (uint i = 1; i <= 100_000; i++)
        {
            _carried.Note(new MessageId(1, i), Limpet);
        }

        Assert.True(_carried.Has(new MessageId(1, 1)));
        Assert.True(_carried.Has(new MessageId(1, 100_000)));
        Assert.False(_carried.Has(new MessageId(1, 100_001)));
        Assert.False(_carried.Has(new MessageId(2, 1)));
        Assert.Equal(1, _asked);
    }

    [Fact]
    public void What_a_program_sends_does_not_count()
    {
        _carried.Note(new MessageId(1, 1000), Program);
        _carried.Note(new MessageId(1, 5), Limpet);
        _carried.Note(new MessageId(1, 1000), Program);
        Assert.True(_carried.Has(new MessageId(1, 5)));
        Assert.False(_carried.Has(new MessageId(1, 6)));
    }

    [Fact]
    public void A_network_that_is_heard_from_the_peer_cannot_be_silenced_by_its_ids_on_this_side()
    {
        Assert.False(_carried.Has(new MessageId(1, 10)));
        _carried.Note(new MessageId(1, 4_000_000_000), Limpet);
        Assert.False(_carried.Has(new MessageId(1, 11)));
        for (int second = 0; second <= 30; second++)
        {
            _carried.Tick();
        }

        // From there nothing has come for long.
        _carried.Note(new MessageId(1, 20), Limpet);
        Assert.True(_carried.Has(new MessageId(1, 20)));
    }

    /// <summary>One frame of a spoke silenced a network that had been quiet, for half a minute.</summary>
    [Theory]
    [InlineData(3u)]
    [InlineData(60_000u)]
    [InlineData(70_000u)]
    [InlineData(2_000_000_000u)]
    public void An_id_far_ahead_of_a_network_that_is_not_one_s_own_silences_no_other_id(uint ahead)
    {
        _carried.Note(new MessageId(1, 100), OtherLimpet);
        for (uint i = 1; i <= 4; i++)
        {
            _carried.Note(new MessageId(1, 100 + (i * ahead)), Limpet);
        }

        Assert.True(_carried.Has(new MessageId(1, 100 + (4 * ahead))));
        Assert.False(_carried.Has(new MessageId(1, 101)));
        Assert.False(_carried.Has(new MessageId(1, 101 + ahead)));
        Assert.False(_carried.Has(new MessageId(1, 99 + (4 * ahead))));
    }

    [Fact]
    public void Exactly_what_was_carried_is_known_whatever_is_left_out()
    {
        var random = new Random(5);
        HashSet<uint> carried = [];
        uint next = uint.MaxValue - 40_000;
        for (int i = 0; i < 30_000; i++)
        {
            next += (uint)random.Next(1, 4);
            carried.Add(next);
            _carried.Note(new MessageId(1, next), Limpet);
        }

        for (uint back = 0; back < 60_000; back++)
        {
            Assert.Equal(carried.Contains(next - back), _carried.Has(new MessageId(1, next - back)));
        }
    }

    [Fact]
    public void An_urgent_message_that_overtakes_others_does_no_harm()
    {
        _carried.Note(new MessageId(1, 10), Limpet);
        _carried.Note(new MessageId(1, 9), Limpet);
        Assert.True(_carried.Has(new MessageId(1, 10)));
    }

    [Fact]
    public void Ids_go_on_after_the_greatest()
    {
        _carried.Note(new MessageId(1, uint.MaxValue), Limpet);
        _carried.Note(new MessageId(1, 3), Limpet);
        Assert.True(_carried.Has(new MessageId(1, uint.MaxValue)));
        Assert.True(_carried.Has(new MessageId(1, 3)));
        Assert.False(_carried.Has(new MessageId(1, 2)));
        Assert.False(_carried.Has(new MessageId(1, 4)));
    }

    [Fact]
    public void A_bus_that_begins_anew_and_comes_by_another_link_is_not_taken_for_what_it_was()
    {
        _carried.Note(new MessageId(1, 3_000_000), Limpet);
        _carried.Note(new MessageId(1, 1), OtherLimpet);
        Assert.True(_carried.Has(new MessageId(1, 1)));
        Assert.False(_carried.Has(new MessageId(1, 2)));
    }

    [Fact]
    public void A_network_from_which_nothing_comes_for_long_may_have_moved()
    {
        _carried.Note(new MessageId(1, 100), Limpet);
        for (int second = 0; second < 30; second++)
        {
            _carried.Tick();
        }

        Assert.True(_carried.Has(new MessageId(1, 100)));
        _carried.Tick();
        Assert.False(_carried.Has(new MessageId(1, 100)));
    }

    [Fact]
    public void Networks_without_number_take_no_memory_without_end_and_the_old_ones_make_room()
    {
        for (uint network = 1; network <= 10_000; network++)
        {
            _carried.Note(new MessageId(network, 1), Limpet);
        }

        Assert.True(_carried.Has(new MessageId(4096, 1)));
        Assert.False(_carried.Has(new MessageId(4097, 1)));
        for (int second = 0; second <= 30; second++)
        {
            _carried.Tick();
        }

        _carried.Note(new MessageId(20_000, 1), Limpet);
        Assert.True(_carried.Has(new MessageId(20_000, 1)));
    }
}
