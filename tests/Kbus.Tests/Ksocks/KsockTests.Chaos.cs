namespace Kbus.Tests;

// Everything at once.
public abstract partial class KsockTests
{
    [Fact]
    public Task Many_threads_that_do_everything_at_once_lose_nothing() => Limited.Run(async () =>
    {
        int seed = Environment.TickCount & 0xFFFF;
        Ksock replier = OpenReplier("$.Echo");
        replier.SetMaxMessages(100_000);
        Task echo = Echo(replier);
        Ksock shared = OpenListener("$.News");
        shared.SetMaxMessages(100_000);
        int announced = 0;
        int heard = 0;
        Task[] all = [.. Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
        {
            var random = new Random(seed + n);
            for (int i = 0; i < 300; i++)
            {
                string text = $"{n} {i}";
                switch (random.Next(8))
                {
                    case 0:
                        Assert.Equal(text, shared.Request(new Request("$.Echo", text))!.DataAsText);
                        break;
                    case 1:
                        Assert.Equal(text, (await shared.RequestAsync(new Request("$.Echo", text)))!.DataAsText);
                        break;
                    case 2:
                        // Perhaps answered in time, perhaps not; then the answer is heard as an ordinary message.
                        Count(shared.Request(new Request("$.Echo", text), TimeSpan.FromMilliseconds(random.Next(2))), text);
                        break;
                    case 3:
                        using (var cancel = new CancellationTokenSource())
                        {
                            Task<Message?> asking = shared.RequestAsync(new Request("$.Echo", text), TimeSpan.FromSeconds(30), cancel.Token);
                            await Task.Yield();
                            await cancel.CancelAsync();
                            await GiveUp(asking, text);
                        }

                        break;
                    case 4:
                        Count(shared.WaitForMessage(TimeSpan.FromMilliseconds(random.Next(2))), null);
                        break;
                    case 5:
                        Count(await shared.ReceiveAsync(TimeSpan.FromMilliseconds(random.Next(2))), null);
                        break;
                    case 6:
                        shared.Send(new Announcement("$.News", "", random.Next(2) == 0 ? MessageFlags.Urgent : MessageFlags.AllOrWait));
                        Interlocked.Increment(ref announced);
                        break;
                    default:
                        await shared.SendAsync(new Announcement("$.News", "", random.Next(2) == 0 ? MessageFlags.AllOrWait : MessageFlags.None));
                        Interlocked.Increment(ref announced);
                        break;
                }
            }
        }))];
        try
        {
            await Task.WhenAll(all);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"seed {seed}", failure);
        }

        // When this has been answered, so has everything before it.
        shared.Request(new Request("$.Echo", "last"));
        while (shared.ReadNextMessage() is { } message)
        {
            Count(message, null);
        }

        Assert.Equal(announced, heard);
        replier.Dispose();
        await echo;

        // Late answers may be heard too; only the news is counted.
        void Count(Message? message, string? answerTo)
        {
            if (answerTo is not null)
            {
                Assert.Equal(answerTo, message?.DataAsText ?? answerTo);
            }
            else if (message is { IsReply: false })
            {
                Interlocked.Increment(ref heard);
            }
        }

        async Task GiveUp(Task<Message?> asking, string text)
        {
            try
            {
                Count(await asking, text);
            }
            catch (OperationCanceledException)
            {
            }
        }
    });
}
