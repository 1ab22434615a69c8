using Kbus.Linux;

namespace Kbus.Daemon.Tests;

public sealed class PaceTests
{
    private const int Many = 4096;

    [Fact]
    public void A_bus_has_short_slices_as_long_as_it_has_little_to_do()
    {
        List<ulong> slices = [];
        var thread = new Thread(() =>
        {
            // Threads inherit the slices of those that start them.
            PromptThread.Note();
            PromptThread.End();
            var pace = new Pace();
            Look();

            // As the bus sees a ping-pong, announcers who fill the processors, and the ping-pong again.
            Note(i => i % 20 == 0 ? 1 : 0);
            Note(i => i % 2 == 0 ? 1 : 0);
            Note(i => i % 100 == 0 ? 64 : 0);
            Note(i => i % 20 == 0 ? 1 : 0);
            return;

            void Note(Func<int, int> commands)
            {
                for (int i = 0; i < Many; i++)
                {
                    pace.Note(commands(i));
                }

                Look();
            }
        });
        thread.Start();
        thread.Join();

        // Where the kernel knows nothing of slices, or they are forbidden, all are the same.
        (ulong most, ulong few) = (slices[0], slices[1]);
        Assert.Equal([most, few, most, most, few], slices);
        Assert.True(few < most || PromptThread.Slice == 0 || most == 0, $"slices of {few} ns in place of {most}");
        return;

        void Look() => slices.Add(LibC.TryGetTimeSlice(out SchedulingAttributes attributes) ? attributes.Slice : 0);
    }
}
