namespace Kbus.Hosting.Tests;

/// <summary>What a host that stops owes to those who asked.</summary>
public sealed class StoppingTests : IDisposable
{
    private readonly Daemon _daemon = new();

    public void Dispose() => _daemon.Dispose();

    [Fact]
    public async Task A_request_that_is_being_handled_is_answered_and_one_that_was_not_read_is_given_back()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Host host = await Host.StartAsync(_daemon, k => k.AddReplier("$.Slow", async r =>
        {
            begun.TrySetResult();
            await gate.Task;
            return r.Message.Data;
        }));
        using Ksock ksock = _daemon.Open();
        Task<Message?> first = ksock.RequestAsync(new Request("$.Slow", "first"), Host.Patience);
        await begun.Task.WaitAsync(Host.Patience);
        Task<Message?> second = ksock.RequestAsync(new Request("$.Slow", "second"), Host.Patience);
        await ksock.SendAsync(new Announcement("$.Nobody"));

        Task stopping = host.StopAsync();
        Assert.Equal("$.KBUS.Replier.Unbound", (await second)!.Name);
        gate.SetResult();
        Assert.Equal("first", Assert.IsType<Reply>(await first).DataAsText);
        await stopping;
        await host.DisposeAsync();
        Assert.Null(ksock.FindReplier("$.Slow"));
    }

    [Fact]
    public async Task A_handler_that_does_not_end_in_time_is_answered_for_and_told_to_end()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Host host = await Host.StartAsync(
            _daemon,
            k => k.AddReplier("$.Endless", async r =>
            {
                begun.SetResult();
                try
                {
                    await Task.Delay(Timeout.Infinite, r.Stopping);
                }
                finally
                {
                    ended.SetResult();
                }

                return default;
            }),
            o => o.StopTimeout = TimeSpan.Zero);
        using Ksock ksock = _daemon.Open();
        Task<Message?> asked = ksock.RequestAsync(new Request("$.Endless"), Host.Patience);
        await begun.Task.WaitAsync(Host.Patience);
        await host.StopAsync();
        Assert.Equal(ErrorReply.Stopping, ErrorReply.Read((await asked)!)!.Code);
        await ended.Task.WaitAsync(Host.Patience);
        await host.DisposeAsync();
    }

    [Fact]
    public async Task A_bus_that_stands_still_does_not_keep_the_host_from_stopping()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Host host = await Host.StartAsync(
            _daemon,
            k => k.AddReplier("$.Endless", async r =>
            {
                begun.SetResult();
                await Task.Delay(Timeout.Infinite, r.Stopping);
                return default;
            }),
            o => (o.StopTimeout, o.OpenTimeout) = (TimeSpan.Zero, TimeSpan.FromSeconds(1)));
        using Ksock ksock = _daemon.Open();
        _ = ksock.RequestAsync(new Request("$.Endless"), Host.Patience);
        await begun.Task.WaitAsync(Host.Patience);
        _daemon.StandStill();
        await host.StopAsync().WaitAsync(Host.Patience);
        Assert.Contains(host.Log.Lines, l => l.StartsWith("Warning: The replier of $.Endless could not be unbound.", StringComparison.Ordinal));
        _daemon.Kill();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task A_handler_that_blocks_its_thread_does_not_keep_the_host_from_stopping()
    {
        using var begun = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        Host host = await Host.StartAsync(
            _daemon,
            k => k.AddReplier("$.Blocking", _ =>
            {
                begun.Set();
                gate.Wait();
                return default;
            }),
            o => o.StopTimeout = TimeSpan.Zero);
        using Ksock ksock = _daemon.Open();
        Task<Message?> asked = ksock.RequestAsync(new Request("$.Blocking"), Host.Patience);
        Assert.True(begun.Wait(Host.Patience));
        await host.StopAsync().WaitAsync(Host.Patience);
        Assert.Equal(ErrorReply.Stopping, ErrorReply.Read((await asked)!)!.Code);
        gate.Set();
        await host.DisposeAsync();
    }
}
