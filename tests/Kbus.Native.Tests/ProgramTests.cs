namespace Kbus.Native.Tests;

/// <summary>The C library, as C programs use it: each checks itself and says what was not as it should be.</summary>
public sealed class ProgramTests
{
    [Fact]
    public Task Structures_numbers_and_macros_are_those_of_the_original() => EndsWell("layouts.c");

    [Fact]
    public Task Opening_binding_asking_setting_and_pieces_do_what_the_header_says() => EndsWell("functions.c");

    [Fact]
    public Task A_ksock_that_cannot_be_opened_says_why_and_leaves_no_descriptor_behind() => EndsWell("opening.c");

    [Fact]
    public Task An_error_of_c_names_the_message_name_and_the_ksock_and_says_the_one_case_that_applies() => EndsWell("lasterror.c");

    [Fact]
    public Task The_kbusd_that_a_first_ksock_starts_inherits_nothing_of_its_program() => EndsWell("autostart.c");

    [Fact]
    public Task A_thread_with_a_small_stack_can_make_all_kinds_of_calls() => EndsWell("smallstack.c");

    [Fact]
    public Task Conversations_batches_borrowing_and_requests_do_what_the_header_says() => EndsWell("conversation.c");

    [Fact]
    public Task A_ksock_is_ready_exactly_when_it_should_be() => EndsWell("readiness.c");

    [Fact]
    public Task A_ksock_that_is_readable_beside_a_busy_sender_has_a_message_of_whatever_size() => EndsWell("busyreader.c");

    [Fact]
    public Task Who_waits_is_woken_and_readiness_is_exact_after_each_call_in_every_mixture_of_ways_to_wait() => EndsWell("waking.c");

    [Fact]
    public Task Who_waits_to_be_able_to_send_is_woken_when_another_thread_gives_up_the_waiting_message() => EndsWell("discarding.c");

    [Fact]
    public Task A_ksock_whose_descriptor_was_closed_by_close_is_refused_and_what_has_its_number_then_is_not_touched() => EndsWell("closed.c");

    [Fact]
    public Task A_null_pointer_is_an_error_of_the_call_and_faults_stay_the_programs() => EndsWell("pointers.c");

    [Fact]
    public Task A_signal_handler_in_the_middle_of_a_call_is_refused_and_one_that_interrupts_a_sleeping_call_is_served() => EndsWell("handlers.c");

    [Fact]
    public Task Handlers_of_a_fork_may_call_whenever_they_were_registered() => EndsWell("forkhandlers.c");

    [Fact]
    public Task A_forked_child_is_refused_and_may_open_its_own() => EndsWell("forking.c");

    [Fact]
    public Task Threads_that_wait_in_any_way_go_on_unharmed_by_a_fork_and_its_child_opens_its_own_or_becomes_another_program() => EndsWell("forkwaits.c");

    [Fact]
    public Task Each_function_for_limpets_does_what_the_header_says() => EndsWell("limpets.c");

    [Fact]
    public Task A_child_forked_while_a_call_was_under_way_is_refused_and_does_not_hang() => EndsWell("busy.c");

    [Fact]
    public Task The_hosts_signals_stay_as_they_are() => EndsWell("signals.c");

    [Fact]
    public Task A_signal_in_the_middle_of_a_call_is_not_taken_for_the_end_of_the_bus() => EndsWell("interrupted.c");

    [Fact]
    public Task Beside_a_stopped_daemon_each_call_ends_by_its_time_or_by_a_signal_and_nothing_is_sent() => EndsWell("stopped.c");

    [Fact]
    public Task A_dead_bus_makes_readable_answers_requests_and_is_an_error_then() => EndsWell("dying.c");

    [Fact]
    public Task Threads_may_share_a_ksock() => EndsWell("threads.c");

    [Fact]
    public Task Threads_whose_sends_wait_for_room_all_get_it() => EndsWell("waitingthreads.c");

    [Fact]
    public Task A_thread_that_is_cancelled_while_it_waits_or_sends_leaves_its_ksock_as_good_as_before() => EndsWell("cancelling.c");

    [Fact]
    public Task A_process_that_may_have_few_addresses_uses_less_or_is_told_that_they_are_too_few() => EndsWell("limited.c");

    [Fact]
    public Task Memory_stays_as_it_is_over_hundreds_of_thousands_of_messages() => EndsWell("endurance.c");

    [Fact]
    public Task Memory_comes_to_rest_over_big_and_small_messages_and_ksocks_that_open_and_close() => EndsWell("memory.c");

    [Fact]
    public Task Standard_descriptors_that_are_closed_stay_closed_and_nothing_of_the_library_gets_their_numbers() => EndsWell("closedstandard.c");

    [Fact]
    public Task A_process_whose_main_thread_has_ended_ends_with_its_last_thread_or_by_a_signal() => EndsWell("lastthread.c");

    [Fact]
    public Task A_refused_system_call_is_done_without_or_named_and_never_ends_the_host() => EndsWell("refused.c");

    private static async Task EndsWell(string program) => CProgram.AssertWell(await CProgram.CompileAndRun(program));
}
