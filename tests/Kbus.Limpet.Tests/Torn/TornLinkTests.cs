namespace Kbus.Limpets.Tests;

/// <summary>Between two Limpets is a way that cuts, delays, splits and changes what passes.</summary>
public sealed class TornLinkTests
{
    private const int Requests = 400;
    private const int Wounds = 6;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_request_has_one_answer_and_the_link_is_made_again_though_it_is_torn_at_any_byte(bool mayFlip)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("KBUS_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        using var bowls = new Bowls(2);
        try
        {
            await TearAsync(bowls, seed, mayFlip);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException(
                $"Failed with KBUS_TEST_SEED={seed}: {failure.Message} The Limpets said: {string.Join(" / ", bowls.Told)}", failure);
        }
    }

    private static async Task TearAsync(Bowls bowls, int seed, bool mayFlip)
    {
        await using Served server = await Served.At(Served.AnyPort(), bowls.Options(0, 1));
        using var proxy = new EditingProxy(server.Address, seed, mayFlip, Wounds);
        using var stop = new CancellationTokenSource();
        Task client = Task.Run(() => new LimpetClient(proxy.Address, bowls.Options(1, 2), Served.Plain).RunAsync(cancellationToken: stop.Token));
        var one = new Shore(bowls, 0, 1);
        var other = new Shore(bowls, 1, 0);
        Task[] replying = [OnThread(() => one.ReplyUntil(stop.Token)), OnThread(() => other.ReplyUntil(stop.Token))];

        // A changed length or id can swallow an answer as long as the connection lasts; only its end tells.
        Action? whenNoAnswer = mayFlip ? proxy.CutIfChanged : null;
        await Task.WhenAll(OnThread(() => one.Talk(Requests, whenNoAnswer)), OnThread(() => other.Talk(Requests, whenNoAnswer)));
        Assert.True(proxy.Cuts + proxy.Flips > 0, "nothing was torn");

        proxy.StopEditing();
        proxy.Cut();
        await Task.WhenAll(OnThread(one.TalkUntilReplied), OnThread(other.TalkUntilReplied));
        if (!mayFlip)
        {
            Assert.True(one.HearInOrder(other) > 1);
            Assert.True(other.HearInOrder(one) > 1);
        }

        one.CheckNothingIsLeft();
        other.CheckNothingIsLeft();
        Assert.False(client.IsCompleted);
        Assert.False(server.Running.IsCompleted);
        await stop.CancelAsync();
        await Task.WhenAll([client, .. replying]).WaitAsync(TimeSpan.FromSeconds(180));
    }

    private static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
