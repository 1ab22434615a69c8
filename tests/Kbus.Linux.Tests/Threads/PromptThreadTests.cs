namespace Kbus.Linux.Tests;

public sealed class PromptThreadTests
{
    [Theory]
    [InlineData(null, false, 100ul)]
    [InlineData(null, true, 0ul)]
    [InlineData("", false, 100ul)]
    [InlineData("3000", false, 3000ul)]
    [InlineData("3000", true, 3000ul)]
    [InlineData("0", false, 0ul)]
    [InlineData("100001", false, 100ul)]
    [InlineData("-1", true, 0ul)]
    [InlineData("short", false, 100ul)]
    public void Slices_are_short_unless_the_environment_or_a_filter_says_otherwise(string? wish, bool isFiltered, ulong microseconds) =>
        Assert.Equal(microseconds, PromptThread.Microseconds(wish, () => isFiltered));

    [Fact]
    public void A_prompt_thread_can_have_the_slices_of_most_threads_again_and_give_them_to_what_it_starts()
    {
        List<ulong> slices = [];
        var thread = new Thread(() =>
        {
            // Threads inherit the slices of those that start them.
            PromptThread.Note();
            PromptThread.End();
            Note();
            PromptThread.Note();
            Note();
            PromptThread.AsMostThreads(Note);
            Note();
            PromptThread.End();
            Note();
            PromptThread.AsMostThreads(Note);
            PromptThread.Note();
            Note();
        });
        thread.Start();
        thread.Join();
        (ulong most, ulong prompt) = (slices[0], slices[1]);
        Assert.Equal([most, prompt, most, prompt, most, most, prompt], slices);
        return;

        void Note() => slices.Add(LibC.TryGetTimeSlice(out SchedulingAttributes attributes) ? attributes.Slice : 0);
    }

    [Fact]
    public void A_thread_with_another_policy_is_left_as_it_is()
    {
        bool isUsual = true;
        var thread = new Thread(() =>
        {
            // SCHED_IDLE; no privilege is needed to go there.
            Assert.Equal(0, LibC.SetTimeSlice(new SchedulingAttributes { Size = 48, Policy = 5 }));
            PromptThread.Note();
            isUsual = LibC.TryGetTimeSlice(out _);
        });
        thread.Start();
        thread.Join();
        Assert.False(isUsual);
    }
}
